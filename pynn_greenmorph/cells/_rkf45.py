"""Coefficients of the Runge-Kutta-Fehlberg 4(5) step and its step-size controller.

They are those of the GNU Scientific Library's ``rkf45`` and standard control
(Galassi et al., GNU Scientific Library Reference Manual, ch. "Ordinary
Differential Equations"), which NEST's conductance-based models use: the
fifth-order result is kept, and ratios are formed as the library forms them so
that the last bit agrees.
"""

from __future__ import annotations

__all__ = [
    "B31", "B32", "B41", "B42", "B43", "B51", "B52", "B53", "B54", "B61", "B62", "B63", "B64",
    "B65", "C1", "C3", "C4", "C5", "C6", "E1", "E3", "E4", "E5", "E6", "SMALLEST", "TOLERANCE",
]  # fmt: skip

B31, B32 = 3.0 / 32.0, 9.0 / 32.0
B41, B42, B43 = 1932.0 / 2197.0, -7200.0 / 2197.0, 7296.0 / 2197.0
B51, B52, B53, B54 = 8341.0 / 4104.0, -32832.0 / 4104.0, 29440.0 / 4104.0, -845.0 / 4104.0
B61, B62, B63 = -6080.0 / 20520.0, 41040.0 / 20520.0, -28352.0 / 20520.0
B64, B65 = 9295.0 / 20520.0, -5643.0 / 20520.0
C1, C3, C4 = 902880.0 / 7618050.0, 3953664.0 / 7618050.0, 3855735.0 / 7618050.0
C5, C6 = -1371249.0 / 7618050.0, 277020.0 / 7618050.0
E1, E3, E4, E5, E6 = 1.0 / 360.0, -128.0 / 4275.0, -2197.0 / 75240.0, 1.0 / 50.0, 2.0 / 55.0

#: Absolute tolerance of NEST's conductance-based models, in each variable's unit.
TOLERANCE = 1e-3
#: Smallest error ratio (the smallest normal double), so that a power of it exists.
SMALLEST = 2.2250738585072014e-308
