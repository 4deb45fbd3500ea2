"""Findings as a SARIF 2.1.0 log, which code hosts and editors show at the line.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) 2.1.0 plus Errata 01, 28 August 2023; the section
numbers in this folder are its.
"""

from milonga.cli.findings.sarif.log import as_sarif

__all__ = ["as_sarif"]
