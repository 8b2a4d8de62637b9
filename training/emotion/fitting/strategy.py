"""Training on several machines (`tf.distribute`): every worker runs the same command with its own TF_CONFIG."""

import json
import os

import tensorflow as tf

from monitor.errors import UsageError


def multiworker() -> tf.distribute.Strategy:
    """The strategy that TF_CONFIG describes. To be made before TensorFlow computes anything.

    TF_CONFIG is JSON such as {"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker",
    "index": 0}}; worker 0 writes the checkpoints, in a folder that all workers can read when they go on.

    Raises:
        UsageError: TF_CONFIG is missing or no description of workers.
    """
    try:
        config = json.loads(os.environ["TF_CONFIG"])
        workers, task = config["cluster"]["worker"], config["task"]
        known = task["type"] == "worker" and 0 <= int(task["index"]) < len(workers)
    except (KeyError, ValueError, TypeError):
        known = False
    if not known:
        raise UsageError(
            "Training on several machines needs TF_CONFIG with the cluster's workers and this one's task; "
            "see TensorFlow's guide to multi-worker training."
        )
    return tf.distribute.MultiWorkerMirroredStrategy()
