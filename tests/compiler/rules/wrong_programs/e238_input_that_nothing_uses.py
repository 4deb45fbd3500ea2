# expect: E238 warning; nothing uses the input parameter 'seed'
import milonga as ml


@ml.component
def count(start: int) -> int:
    return start + 1


@ml.pipeline  # <- E238
def flow(start: int = 1, seed: int = 0) -> None:
    count(start)
    # mended: count(seed)
