# expect: E260 warning; stores as one object; KiB; loop over one task
import milonga as ml


@ml.component
def show(text: str) -> None:
    print(text)


@ml.pipeline  # <- E260
def flow() -> None:
    for number in range(120):
        show(f"{number:9000}")  # mended: show(f"{number:90}")
