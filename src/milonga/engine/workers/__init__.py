"""Where attempts run: in forks of a warm process, or in this one."""
