"""`TrainedModel`: how the training went, epoch by epoch."""

from __future__ import annotations

from milonga.reporting.artifacts.content import View, cell, objects, read_object
from milonga.reporting.charts import Dot, curve_chart
from milonga.reporting.markup import definitions, table, text, value_code
from milonga.reporting.quantities import as_number

_EPOCHS_MAX = 200


def render_trained_model(view: View) -> str:
    """What was trained with what, and the course of accuracy."""
    model = read_object(view.record, member="model.json", format="milonga.model/1")
    level = model.get("level")
    facts = [
        ("Network", text(f"{model.get('family', '')}{f', level {level}' if level is not None else ''}", 100)),
        ("Parameters", cell(model.get("parameter_count"))),
        ("Framework", text(model.get("framework", ""), 60)),
        ("Classes", text(", ".join(map(str, model.get("classes") or [])), 300)),
        ("Hyperparameters", value_code(model.get("hyperparameters"), 600)),
    ]
    history = objects(model.get("history"))[:_EPOCHS_MAX]
    dots = [
        Dot(f"epoch {epoch:g}", epoch, accuracy)
        for row in history
        if (epoch := as_number(row.get("epoch"))) is not None
        and (accuracy := as_number(row.get("validation_accuracy"))) is not None
    ]
    chart = curve_chart(dots, x_name="epoch", y_name="validation accuracy", title="Validation accuracy by epoch")
    keys = ("epoch", "train_loss", "validation_loss", "validation_accuracy")
    rows = [[cell(row.get(key)) for key in keys] for row in history]
    columns = ("Epoch", "Loss, training", "Loss, validation", "Accuracy, validation")
    epochs = table(columns, rows, numeric=frozenset(range(4))) if rows else ""
    folded = f"<details><summary>{len(rows)} epochs</summary>{epochs}</details>" if rows else ""
    return definitions(facts, css="border") + (chart if len(dots) > 1 else "") + folded
