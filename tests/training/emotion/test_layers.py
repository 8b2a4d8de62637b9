"""The layers of a network."""

from training.emotion.layers import layers_of


def test_the_classic_network_has_the_notebooks_layers_and_parameters() -> None:
    found = layers_of("classic")
    assert (found.parameters, found.trainable) == (14_544_263, 14_542_471)
    assert sum(line.parameters for line in found.lines) == found.parameters
    kinds = [line.kind for line in found.lines]
    assert (kinds.count("Conv2D"), kinds.count("Dense")) == (6, 4)
    last = found.lines[-1]
    assert (last.output, last.parameters) == ((None, 7), 512 * 7 + 7)
