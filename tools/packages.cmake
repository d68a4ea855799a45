# Debian packages (make -f Makefile.release deb): vremd, its models, and the LibTorch that it was
# built with, in a directory of its own.
set(CPACK_GENERATOR DEB)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL tools models torch)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
  GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_SOURCE_DIR}/debian_files.cmake)
set(CPACK_OUTPUT_FILE_PREFIX ${PROJECT_BINARY_DIR}/packages)

set(VREMD_MAINTAINER "" CACHE STRING "Whose packages: Name <address>")
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${VREMD_MAINTAINER}")
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE gzip)  # xz takes ten minutes for LibTorch, lintian knows no zstd
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${VREMD_TORCH_ROOT}/lib)
set(version ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})

set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME vremd)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION science)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_TOOLS_PACKAGE_DEPENDS "vremd-libtorch (= ${version})")
set(CPACK_DEBIAN_TOOLS_PACKAGE_RECOMMENDS "vremd-models (= ${version})")
set(CPACK_COMPONENT_TOOLS_DESCRIPTION "human pose in video, from the command line
Tools that detect people in videos, estimate and track their poses, draw and
score them, and train the networks. They exchange JSON lines through pipes and
process archives of videos on one computer or a cluster.")

set(CPACK_DEBIAN_MODELS_PACKAGE_NAME vremd-models)
set(CPACK_DEBIAN_MODELS_PACKAGE_SECTION science)
set(CPACK_DEBIAN_MODELS_PACKAGE_ARCHITECTURE all)
set(CPACK_COMPONENT_MODELS_DESCRIPTION "networks of vremd that find people and their joints
NanoDet-g, which detects people, and vremd-light, which estimates their poses.
Both run on the processor of a laptop.")

set(CPACK_DEBIAN_TORCH_PACKAGE_NAME vremd-libtorch)
set(CPACK_DEBIAN_TORCH_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_TORCH_PACKAGE_SHLIBDEPS ON)
set(CPACK_COMPONENT_TORCH_DESCRIPTION "LibTorch for vremd
The libraries of PyTorch that the tools of vremd were built with, in a
directory of their own.")

include(CPack)
