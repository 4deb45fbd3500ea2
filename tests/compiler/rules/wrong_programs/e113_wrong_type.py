# expect: E113 error; input 'text' of 'show'; int; str
import milonga as ml


@ml.component
def count(start: int) -> int:
    return start + 1


@ml.component
def show(text: str) -> None:
    print(text)


@ml.pipeline
def flow(start: int = 1, text: str = "done") -> None:
    counted = count(start)
    show(counted)  # <- E113  # mended: show.options(after=[counted])(text)
    show.options(name="again")(text)
