"""Tests that others inherit: conformance suites for what milonga lets you plug in."""
