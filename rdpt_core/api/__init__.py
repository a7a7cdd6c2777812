"""What `import rdpt_core as rdpt` offers."""
