# expect: E256 warning; 'ghcr.io/team/step:1.4' is not pinned; ghcr.io/team/step@sha256
import milonga as ml

IMAGE = "ghcr.io/team/step:1.4"
PINNED = IMAGE + "@sha256:" + "5f" * 32


@ml.component
def count(start: int) -> int:
    return start + 1


@ml.pipeline
def flow(start: int = 1) -> None:
    count.options(image=IMAGE)(start)  # <- E256  # mended: count.options(image=PINNED)(start)
