"""How far the teacher reaches where it did not teach."""
