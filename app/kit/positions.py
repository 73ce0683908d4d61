"""A position from outside, in whatever datum the handheld's map uses, and where that is."""

from typing import Annotated, Literal

import numpy as np
from pydantic import ConfigDict, Field
from shapely import Point

from app.kit import chinese_datums
from app.kit.schemas import Input

CoordSys = Literal["wgs84", "cgcs2000", "gcj02", "bd09"]


class Position(Input):
    """Where something was recorded."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"lon": 122.2023, "lat": 30.2435, "accuracy_m": 12, "coord_sys": "wgs84"}
        }
    )

    lon: Annotated[float, Field(ge=-180, le=180, description="Longitude, degrees · 经度")]
    lat: Annotated[float, Field(ge=-90, le=90, description="Latitude, degrees · 纬度")]
    accuracy_m: Annotated[
        float | None, Field(ge=0, le=100_000, description="Radius of the 68 % error, m · 精度")
    ] = None
    coord_sys: Annotated[CoordSys, Field(description="wgs84 · cgcs2000 · gcj02 火星坐标 · bd09 百度坐标")] = (
        "wgs84"
    )

    def cgcs2000(self) -> Point:
        """The place as it is stored: degrees, CGCS2000, rounded to 1e-7 (a centimetre)."""
        lon, lat = np.array([self.lon]), np.array([self.lat])
        if self.coord_sys == "gcj02":
            lon, lat = chinese_datums.from_gcj02(lon, lat)
        elif self.coord_sys == "bd09":
            lon, lat = chinese_datums.from_bd09(lon, lat)
        return Point(round(float(lon[0]), 7), round(float(lat[0]), 7))
