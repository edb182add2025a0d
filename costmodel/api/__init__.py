"""What a Python user holds: results that know how to show themselves."""
