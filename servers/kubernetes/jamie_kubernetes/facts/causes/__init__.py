"""What each area's symptoms mean: pure judgements that end in findings."""
