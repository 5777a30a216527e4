# Adversarial complementary learning: a second classifier sees what the first does not look at.
_base_ = '../cam/cam_r18w16_1xb64-cos-4e_digitscenes.py'

model = dict(head=dict(_delete_=True, type='ACoLHead', num_classes=10, channels=64, threshold=0.7))
