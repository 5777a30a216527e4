# Adversarial erasing: three classifiers, four epochs each, that see images without what those before them look at.
_base_ = '../cam/cam_r18w16_1xb64-cos-4e_digitscenes.py'

model = dict(type='ErasingLocalizer', steps=3, share=0.2)
optim_wrapper = dict(optimizer=dict(lr=0.01))
param_scheduler = []
train_cfg = dict(max_epochs=12)
