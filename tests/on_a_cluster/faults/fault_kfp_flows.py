"""Pipelines of kfp for faults that milonga's own options cannot make."""

from kfp import dsl, kubernetes

component = dsl.component(base_image="python:3.11", install_kfp_package=False)


@component
def fill(folder: str, megabytes: int) -> int:
    import time

    for number in range(megabytes):
        with open(f"{folder}/{number}", "wb") as stream:  # noqa: PTH123
            stream.write(b"x" * 1_000_000)
    time.sleep(300)  # the kubelet looks at volumes from time to time
    return megabytes


@dsl.pipeline
def fault_volume(megabytes: int = 64) -> int:
    task = fill(folder="/filled", megabytes=megabytes)
    kubernetes.empty_dir_mount(task, volume_name="filled", mount_path="/filled", size_limit="16Mi")
    return task.output


@dsl.container_component
def append(made: dsl.Output[dsl.Dataset], name: dsl.OutputPath(str)):
    """Appends half of its lines in a shell, then waits or fails if MODE says so, else appends the other half."""
    return dsl.ContainerSpec(
        image="python:3.11",
        command=["sh", "-ec"],
        args=[
            'printf "0 %s\\n" "$MODE" >> "$0"; printf "%s" "$MODE" >> "$1"; echo "wrote half 0 $MODE"; '
            'if [ "$MODE" = wait ]; then sleep 900; fi; if [ "$MODE" = fail ]; then exit 7; fi; '
            'printf "1 %s\\n" "$MODE" >> "$0"',
            made.path,
            name,
        ],
    )


@component
def read_back(data: dsl.Input[dsl.Dataset], name: str) -> str:
    with open(data.path) as stream:  # noqa: PTH123
        return stream.read() + name


@dsl.pipeline
def fault_container() -> str:
    task = append()
    kubernetes.use_secret_as_env(task, secret_name="milonga-fault-mode", secret_key_to_env={"mode": "MODE"})
    task.set_retry(num_retries=4, backoff_duration="2s")
    return read_back(data=task.outputs["made"], name=task.outputs["name"]).output
