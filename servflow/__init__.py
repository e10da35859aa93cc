"""servflow: workflow and rules engine for service tickets."""
