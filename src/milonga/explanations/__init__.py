"""What each error code means, why it is an error and how to mend it: the texts, and how they are read.

The texts are the Markdown files beside this one, one a group of ten codes (`e11x.md`). `milonga explain`, the rules of
a SARIF file and docs/reference/errors.md all come from them; tests run their examples.
"""

from milonga.explanations.catalogue import explained_codes, explanation_of, explanations
from milonga.explanations.example import Example
from milonga.explanations.explanation import Explanation

__all__ = ["Example", "Explanation", "explained_codes", "explanation_of", "explanations"]
