"""How near motions and poses are."""

from .flow import direction_cosine, end_point_error, flow_outliers
from .pose import fit_landmarks, landmark_errors, n_mpjpe

__all__ = ['direction_cosine', 'end_point_error', 'fit_landmarks', 'flow_outliers', 'landmark_errors', 'n_mpjpe']
