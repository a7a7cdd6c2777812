class Crowd:
    name = "crowd"
    share = 1

    def __init__(self, lab):
        pass
