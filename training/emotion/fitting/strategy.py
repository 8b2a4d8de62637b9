"""Training on several machines (`tf.distribute`): every worker runs the same command with its own TF_CONFIG."""

import json
import os

import tensorflow as tf

from monitor.errors import UsageError


def multiworker() -> tf.distribute.Strategy:
    """The strategy that TF_CONFIG describes. Call it before TensorFlow computes anything.

    TF_CONFIG is JSON such as {"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker",
    "index": 0}}. Worker 0 writes the checkpoints; to resume, all workers must be able to read their folder.

    Raises:
        UsageError: TF_CONFIG is missing or does not describe the workers.
    """
    try:
        config = json.loads(os.environ["TF_CONFIG"])
        workers, task = config["cluster"]["worker"], config["task"]
        known = task["type"] == "worker" and 0 <= int(task["index"]) < len(workers)
    except (KeyError, ValueError, TypeError):
        known = False
    if not known:
        raise UsageError(
            "Training on several machines needs TF_CONFIG with the workers of the cluster and the task of this one. "
            "See TensorFlow's guide to multi-worker training."
        )
    return tf.distribute.MultiWorkerMirroredStrategy()
