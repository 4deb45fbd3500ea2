"""Profiling: what is in a data set, for a person and for later comparison."""

from milonga.components.profiling.component import Profile, profile_data

__all__ = ["Profile", "profile_data"]
