// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// One shape per class, so that colour never speaks alone. Drawn here because the pages
// use nothing they have to fetch while a link is lost.

const SVG = "http://www.w3.org/2000/svg";

// 24 x 24, filled with the current colour, even-odd.
const SHAPES = {
  fire: "M12 1c1 4 6 6.5 6 13a6 6 0 0 1-3.4 8c1.6-2.2 1-4.600-.8-6.500"
    + "-.5 1.500-1.200 2-2 2.500.2-2.500-.8-4.300-2.300-5.500.1 2.500-2.500 3.700-2.500 6.500"
    + " 0 1.200.4 2.200 1 3A6.500 6.500 0 0 1 6 15C6 9.500 11.500 8 12 1Z",
  prealarm: "M12 1c1 4 7 7 7 13.500a7 7 0 0 1-14 0C5 9 11.500 8 12 1Zm.4 6.500C11 11 "
    + "7.500 12 7.500 14.800a4.500 4.500 0 0 0 9 0c0-2.900-2.300-4.800-4.100-7.300Z",
  security: "M12 1 21 4.500V11c0 5.500-3.700 10-9 12-5.300-2-9-6.500-9-12V4.500ZM12 7.500a2.500 "
    + "2.500 0 0 0-1.300 4.600L10 16.500h4l-.7-4.400A2.500 2.500 0 0 0 12 7.500Z",
  supervisory: "M12 4.500c5 0 8.700 3.200 10.500 7.500-1.800 4.300-5.500 7.500-10.500 7.500S3.300 16.300 "
    + "1.500 12C3.300 7.700 7 4.500 12 4.500Zm0 3a4.500 4.500 0 1 0 0 9 4.500 4.500 0 0 0 0-9Zm0 2.500"
    + "a2 2 0 1 1 0 4 2 2 0 0 1 0-4Z",
  fault: "M12 1.500 23.500 22H.5ZM10.700 8.500l.4 7h1.800l.4-7Zm1.300 8.300a1.400 1.400 0 1 0 0 "
    + "2.800 1.400 1.400 0 0 0 0-2.800Z",
  disabled: "M12 1a11 11 0 1 1 0 22 11 11 0 0 1 0-22Zm0 2.800A8.200 8.200 0 0 0 5.500 17.100"
    + "L17.100 5.500A8.200 8.200 0 0 0 12 3.800Zm6.500 3.100L6.900 18.500A8.200 8.200 0 0 0 18.500 6.900Z",
  process: "M12 3a11 11 0 0 1 9.800 16H2.200A11 11 0 0 1 12 3Zm0 2.800A8.200 8.200 0 0 0 4 "
    + "16.200h6.300l5.900-7.600-2.600 8h6.400A8.200 8.200 0 0 0 12 5.800Z",
  info: "M3 3h18v18H3ZM12 6a1.500 1.500 0 1 0 0 3 1.500 1.500 0 0 0 0-3Zm-1.500 4.500v7.500h3v"
    + "-7.500Z",
  system: "M2 3h20v14H2Zm2.500 2.500v9h15v-9ZM8 19h8v2.500H8Z",
  normal: "M9.500 19.500 2 12l2.500-2.500 5 5 10-10L22 7Z",
  sound: "M3 9v6h4l6 5V4L7 9Zm12.500-1.500a6 6 0 0 1 0 9l1.400 1.600a8 8 0 0 0 0-12.200Z",
  quiet: "M3 9v6h4l6 5V4L7 9Zm12-.500 2.500 2.500L20 8.500 21.500 10 19 12.500l2.500 2.500-1.500 "
    + "1.500-2.500-2.500-2.500 2.500-1.500-1.500 2.500-2.500L13.500 10Z",
  link: "M9 7H6a5 5 0 0 0 0 10h3v-2.500H6a2.500 2.500 0 0 1 0-5h3Zm6 0h3a5 5 0 0 1 0 10h-3v"
    + "-2.500h3a2.500 2.500 0 0 0 0-5h-3ZM8 10.800h8v2.400H8Z",
  cut: "M9 7H6a5 5 0 0 0 0 10h2v-2.500H6a2.500 2.500 0 0 1 0-5h3Zm6 0h3a5 5 0 0 1 0 10h-2v"
    + "-2.500h2a2.500 2.500 0 0 0 0-5h-3ZM13.500 3h2.200L10.500 21H8.300Z",
  person: "M12 2a5 5 0 1 1 0 10 5 5 0 0 1 0-10Zm-9 20c0-5 4-8.500 9-8.500s9 3.500 9 8.500Z",
};

// Decorative: the word beside it is what is read out.
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("fill-rule", "evenodd");
  svg.append(path);
  setIcon(svg, name);
  return svg;
}

export function setIcon(svg, name) {
  const shape = SHAPES[name] ?? SHAPES.info;
  const path = svg.firstElementChild;
  if (path.getAttribute("d") !== shape) path.setAttribute("d", shape);
}
