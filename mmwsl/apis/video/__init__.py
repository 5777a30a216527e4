"""Videos, folders of frames and cameras predicted frame by frame: pictures, a video, and objects in COCO's form."""

from .predict import predict_video

__all__ = ['predict_video']
