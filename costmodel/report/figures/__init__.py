"""Charts to pictures: one module a chart, one style for all."""
