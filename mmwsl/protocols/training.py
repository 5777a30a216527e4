"""Old name of :mod:`mmwsl.protocols.fine_tune`, for one release."""

import warnings

from mmwsl.protocols.fine_tune import FineTuneProtocol as Training  # noqa: F401

warnings.warn('mmwsl.protocols.training is now mmwsl.protocols.fine_tune, and its class Training is FineTuneProtocol; '
              'the old names go with the next release', DeprecationWarning, stacklevel=2)
