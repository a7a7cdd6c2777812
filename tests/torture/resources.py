class Resources:
    name = "resources"
    share = 1

    def __init__(self, lab):
        pass
