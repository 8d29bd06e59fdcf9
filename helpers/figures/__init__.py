"""The drawings that several notebooks share, in one visual language.

A function takes arrays or geometry and returns a matplotlib figure; `show`
displays it in a notebook.  `use_style` is called once, in the setup cell.
What only one notebook draws lies in `lecture.figures`.
"""

from helpers.figures.cells import (
    cell_arrays,
    cell_axes,
    cell_panel,
    cell_rows,
    draw_cells,
    in_full,
    matrix_product,
    outline,
    place_text,
    sheet,
    written,
)
from helpers.figures.charts import (
    bars,
    count_maps,
    curves,
    image_grid,
    picture_and_response,
    weight_colors,
)
from helpers.figures.style import (
    DPI,
    GREY,
    HEIGHT,
    INPUT,
    KERNEL,
    OUTPUT,
    WINDOW,
    arrow,
    frame,
    light,
    new_figure,
    panels,
    show,
    show_frames,
    use_style,
)
