"""`muster train`: the eigenface study and the emotion models."""

from monitor.cli.groups import command_group
from monitor.cli.training.eigenfaces import eigenfaces
from monitor.cli.training.emotion import emotion
from monitor.cli.training.models import evaluate, explain, export, layers, report
from monitor.cli.training.remote import answers, collect, pack

app = command_group("The eigenface study and the emotion models.")

for command in (eigenfaces, emotion, evaluate, explain, export, report, layers, answers, pack, collect):
    app.command()(command)
