"""The bundled data: a teacher, student and distilled model, traces, and the recipe that made them."""
