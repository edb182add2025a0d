"""Running a study: columns, jobs, workers, kept files."""
