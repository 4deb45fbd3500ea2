"""The catalogue of components. A new one is a folder here and a line below."""

COMPONENTS: dict[str, str] = {
    "compile-model": "milonga.components.device_compilation.component:compile_model",
    "deploy": "milonga.components.deployment.component:deploy",
    "evaluate": "milonga.components.evaluation.component:evaluate",
    "ingest-images": "milonga.components.ingestion.component:ingest_images",
    "ingest-table": "milonga.components.ingestion.component:ingest_table",
    "measure-levels": "milonga.components.device_compilation.component:measure_levels",
    "probe-device": "milonga.components.device_profiling.component:probe_device",
    "profile-data": "milonga.components.profiling.component:profile_data",
    "train": "milonga.components.training.component:train",
    "train-table": "milonga.components.training.component:train_table",
    "tune": "milonga.components.tuning.component:tune",
}
"""Catalogue name → "module:function"; nothing is imported until it is used."""
