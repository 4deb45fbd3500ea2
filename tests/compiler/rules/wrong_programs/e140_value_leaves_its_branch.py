# expect: E140 error; used outside of its branch; ml.OneOf
import milonga as ml


@ml.component
def count(start: int) -> int:
    return start + 1


@ml.pipeline
def flow(start: int = 1) -> None:
    with ml.If(start > 3):
        counted = count(start)
    count.options(name="again")(counted)  # <- E140  # mended: count.options(name="again")(start)
