# The four steps on scenes, with maps of SEAM.
_base_ = './four_step_r18w16_digitscenes.py'
classifier = dict(config='mmwsl::weaksup/segmentation/seam/seam_tags_r18w16_1xb64-cos-8e_digitscenes.py')
methods = dict(cam='seam', cam_refined='seam_refined', four_step='four_step_seam')
ceiling = False
