# The same network without hiding: the paper's "Video-full".
_base_ = 'hide_and_seek_video_seq4096_1xb8-const-50e_thumos14.py'

model = dict(segments=0)
