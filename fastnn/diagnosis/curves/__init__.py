"""Learning curves and penalty paths, from many fits of one network."""
