"""Pages for whoever teaches, one a module: of the manifest, the models, the known wrong answers and our own notes."""
