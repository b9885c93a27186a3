"""Templates of Helm charts, filled in with the values that the chart itself states."""
