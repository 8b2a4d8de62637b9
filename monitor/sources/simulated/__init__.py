"""The simulated camera of the demo, and the truth about what it shows."""

from monitor.sources.simulated.camera import SimulatedCamera
from monitor.sources.simulated.people import Subject
from monitor.sources.simulated.truth import Appearance, VisitRecord, whose_face

__all__ = ["Appearance", "SimulatedCamera", "Subject", "VisitRecord", "whose_face"]
