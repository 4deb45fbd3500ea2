# expect: E265 warning; several tasks are shown as 'Count'
import milonga as ml


@ml.component
def count(start: int) -> int:
    return start + 1


@ml.pipeline
def flow(start: int = 1) -> None:
    shown = count.options(display_name="Count")
    counted = shown(start)
    shown(counted)  # <- E265  # mended: count(counted)
