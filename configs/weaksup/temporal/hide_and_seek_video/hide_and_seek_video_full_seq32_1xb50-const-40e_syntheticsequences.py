# The same network without hiding: the paper's "Video-full".
_base_ = 'hide_and_seek_video_seq32_1xb50-const-40e_syntheticsequences.py'

model = dict(segments=0)
