"""Learning curves and penalty paths: many fits of one network, and what they show."""
