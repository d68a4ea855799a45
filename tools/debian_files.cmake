# Run by CPack before it makes the packages: what Debian expects of each beside the files that
# `make install` installs.
foreach(component ${CPACK_COMPONENTS_ALL})
  string(TOUPPER ${component} upper)
  set(package ${CPACK_DEBIAN_${upper}_PACKAGE_NAME})
  set(root ${CPACK_TEMPORARY_DIRECTORY}/${component}/usr)
  set(folder ${root}/share/doc/${package})
  file(MAKE_DIRECTORY ${folder})

  if(component STREQUAL torch)
    file(READ ${root}/share/doc/vremd/libtorch/LICENSE copyright)
    set(copyright "LibTorch, the libraries of PyTorch (pytorch/pytorch on GitHub)\n\n${copyright}")
    file(GLOB_RECURSE libraries ${root}/lib/*.so*)
    execute_process(COMMAND strip --strip-unneeded ${libraries} COMMAND_ERROR_IS_FATAL ANY)
    # libtorch.so only refers to the libraries beside it.
    file(WRITE ${root}/share/lintian/overrides/${package}
      "${package}: library-not-linked-against-libc [usr/lib/*libtorch.so]\n")
  else()
    file(READ ${CMAKE_CURRENT_LIST_DIR}/../NOTICE copyright)
    string(APPEND copyright "\nThe Apache License is in /usr/share/common-licenses/Apache-2.0.\n")
  endif()
  file(WRITE ${folder}/copyright "${copyright}")
  file(REMOVE ${root}/share/doc/vremd/LICENSE)

  string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
  file(WRITE ${folder}/changelog.Debian
    "vremd (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; urgency=medium\n\n"
    "  * See changelog.gz.\n\n -- ${CPACK_DEBIAN_PACKAGE_MAINTAINER}  ${date}\n")
  file(COPY_FILE ${CMAKE_CURRENT_LIST_DIR}/../CHANGELOG.md ${folder}/changelog)
  file(GLOB pages ${root}/share/man/man*/*)
  execute_process(COMMAND gzip -9n ${folder}/changelog ${folder}/changelog.Debian ${pages}
    COMMAND_ERROR_IS_FATAL ANY)
endforeach()
