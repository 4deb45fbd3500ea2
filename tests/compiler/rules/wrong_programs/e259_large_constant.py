# expect: E259 warning; value of input 'text'; 120000 bytes; ml.importer
import milonga as ml


@ml.component
def show(text: str) -> None:
    print(text)


@ml.pipeline
def flow() -> None:
    show("x" * 120_000)  # <- E259  # mended: show("x" * 9_000)
