class Served:
    name = "served"
    share = 1

    def __init__(self, lab):
        pass
