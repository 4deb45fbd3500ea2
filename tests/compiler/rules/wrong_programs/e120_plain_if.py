# expect: E120 error; with ml.If(...)
import milonga as ml


@ml.component
def count(start: int) -> int:
    return start + 1


@ml.pipeline
def flow(start: int = 1) -> None:
    if count(start) > 3:  # <- E120  # mended: with ml.If(count(start) > 3):
        count.options(name="again")(start)
