"""Words, tables and markup that several rooms share."""
