# imops_embed(NAME FILES...): a library with `std::span<const imops::EmbeddedFile> imops::embedded_NAME()`, files in the order given.
# The assembler includes the files as they are: no generated megabytes of C++.
enable_language(ASM)

function(imops_embed name)
  set(dir ${CMAKE_BINARY_DIR}/embedded)
  set(asm ".section .rodata\n")
  set(declare "")
  set(list "")
  set(i 0)
  foreach(file ${ARGN})
    set(base ${CMAKE_SOURCE_DIR})
    if(file MATCHES "^${CMAKE_BINARY_DIR}/parsed/")
      set(base ${CMAKE_BINARY_DIR}/parsed)
    endif()
    file(RELATIVE_PATH relative ${base} ${file})
    set(symbol imops_embedded_${name}_${i})
    string(APPEND asm ".global ${symbol}\n.global ${symbol}_end\n${symbol}:\n.incbin \"${file}\"\n${symbol}_end:\n.byte 0\n")
    string(APPEND declare "extern \"C\" const char ${symbol}[], ${symbol}_end[];\n")
    string(APPEND list "        {\"${relative}\", {${symbol}, std::size_t(${symbol}_end - ${symbol})}},\n")
    math(EXPR i "${i} + 1")
  endforeach()
  string(APPEND asm ".section .note.GNU-stack,\"\",@progbits\n")
  file(CONFIGURE OUTPUT ${dir}/${name}.s CONTENT "${asm}" @ONLY)
  file(CONFIGURE OUTPUT ${dir}/${name}.cpp CONTENT "#include \"core/base/embedded_file.hpp\"\n#include <vector>\n${declare}namespace imops {
std::span<const EmbeddedFile> embedded_${name}() {
    static const std::vector<EmbeddedFile> files{
${list}    };
    return files;
}
} // namespace imops
" @ONLY)
  set_property(SOURCE ${dir}/${name}.s PROPERTY OBJECT_DEPENDS "${ARGN}")
  add_library(imops_embedded_${name} STATIC ${dir}/${name}.s ${dir}/${name}.cpp)
  target_include_directories(imops_embedded_${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(imops_embedded_${name} PRIVATE imops_options)
endfunction()

# The same for YAML files of one folder, parsed by pack_yaml.
function(imops_embed_parsed name)
  set(out ${CMAKE_BINARY_DIR}/parsed/${name})
  file(MAKE_DIRECTORY ${out})
  set(parsed "")
  foreach(file ${ARGN})
    get_filename_component(leaf ${file} NAME)
    list(APPEND parsed ${out}/${leaf})
  endforeach()
  add_custom_command(OUTPUT ${parsed} COMMAND pack_yaml ${out} ${ARGN} DEPENDS pack_yaml ${ARGN} COMMENT "parse ${name}/*.yaml")
  imops_embed(${name} ${parsed})
endfunction()
