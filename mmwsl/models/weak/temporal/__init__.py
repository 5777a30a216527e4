"""Weakly supervised temporal localization, learnt from video labels."""

from .temporal_localizer import TemporalLocalizer, hide_segments

__all__ = ['TemporalLocalizer', 'hide_segments']
