#include "client/cli/completion.h"

#include <fmt/format.h>

#include <vector>

namespace campaigner::cli {
namespace {

struct Word {
  std::string text;
  std::string help;
};

// A command as a path of words ("campaignctl accounts create") and what may come behind it.
struct Command {
  std::string path;
  std::vector<Word> subcommands;
  std::vector<Word> options;
};

std::vector<Word> Options(const CLI::App& app) {
  std::vector<Word> options;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      options.push_back({"--" + name, option->get_description()});
    }
  }
  return options;
}

void Collect(const CLI::App& app, const std::string& path, std::vector<Command>& commands) {
  Command command{path, {}, Options(app)};
  const auto children = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* child : children) {
    command.subcommands.push_back({child->get_name(), child->get_description()});
  }
  commands.push_back(std::move(command));
  for (const CLI::App* child : children) {
    Collect(*child, path + " " + child->get_name(), commands);
  }
}

std::vector<Command> Collect(const CLI::App& app) {
  std::vector<Command> commands;
  Collect(app, app.get_name(), commands);
  return commands;
}

std::string AllWords(const Command& command, const Command& root) {
  std::string words;
  for (const Word& word : command.subcommands) words += " " + word.text;
  for (const Word& word : command.options) words += " " + word.text;
  // Options of the program itself are taken anywhere.
  if (&command != &root) {
    for (const Word& word : root.options) words += " " + word.text;
  }
  return words.substr(1);
}

// "a" | "a b" | ..: every path but the first.
std::string PathPattern(const std::vector<Command>& commands, const char* separator) {
  std::string pattern;
  for (size_t i = 1; i < commands.size(); ++i) {
    pattern += fmt::format("{}\"{}\"", i == 1 ? "" : separator, commands[i].path);
  }
  return pattern;
}

std::string QuotedForFish(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

}  // namespace

std::string BashCompletion(const CLI::App& app) {
  const std::vector<Command> commands = Collect(app);
  const std::string& name = app.get_name();
  std::string script = fmt::format(
      "_{0}() {{\n  local path=\"{0}\" words=\"\" i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n    case \"$path ${{COMP_WORDS[i]}}\" in\n"
      "      {1}) path=\"$path ${{COMP_WORDS[i]}}\" ;;\n    esac\n  done\n  case \"$path\" in\n",
      name, PathPattern(commands, "|"));
  for (const Command& command : commands) {
    script +=
        fmt::format("    \"{}\") words=\"{}\" ;;\n", command.path, AllWords(command, commands[0]));
  }
  return script + fmt::format(
                      "  esac\n  COMPREPLY=($(compgen -W \"$words\" -- "
                      "\"${{COMP_WORDS[COMP_CWORD]}}\"))\n}}\n"
                      "complete -o default -F _{0} {0}\n",
                      name);
}

std::string ZshCompletion(const CLI::App& app) {
  const std::vector<Command> commands = Collect(app);
  const std::string& name = app.get_name();
  std::string script = fmt::format(
      "#compdef {0}\n_{0}() {{\n  local where=\"{0}\" word\n"
      "  for word in \"${{(@)words[2,CURRENT-1]}}\"; do\n    case \"$where $word\" in\n"
      "      {1}) where=\"$where $word\" ;;\n    esac\n  done\n  case \"$where\" in\n",
      name, PathPattern(commands, "|"));
  for (const Command& command : commands) {
    script +=
        fmt::format("    \"{}\") compadd -- {} ;;\n", command.path, AllWords(command, commands[0]));
  }
  return script + fmt::format("  esac\n  _files\n}}\ncompdef _{0} {0}\n", name);
}

std::string FishCompletion(const CLI::App& app) {
  const std::vector<Command> commands = Collect(app);
  const std::string& name = app.get_name();
  std::string script = fmt::format(
      "function __{0}_path\n  set -l path {0}\n  for word in (commandline -opc)[2..-1]\n"
      "    switch \"$path $word\"\n      case {1}\n        set path \"$path $word\"\n    end\n"
      "  end\n  echo $path\nend\n",
      name, PathPattern(commands, " "));
  for (const Command& command : commands) {
    const std::string condition = QuotedForFish(
        fmt::format("test (__{}_path | string collect) = \"{}\"", name, command.path));
    for (const Word& word : command.subcommands) {
      script += fmt::format("complete -c {} -n {} -f -a {} -d {}\n", name, condition, word.text,
                            QuotedForFish(word.help));
    }
    for (const Word& word : command.options) {
      const bool is_global = &command == &commands[0];
      script +=
          fmt::format("complete -c {}{} -l {} -d {}\n", name, is_global ? "" : " -n " + condition,
                      word.text.substr(2), QuotedForFish(word.help));
    }
  }
  return script;
}

void AddCompletionCommands(CLI::App& app, Action& action) {
  CLI::App& completion = *app.add_subcommand("completion", "Print a script for your shell");
  completion.require_subcommand(1);
  const auto add = [&](const char* shell, const char* help,
                       std::string (*script)(const CLI::App&)) {
    completion.add_subcommand(shell, help)->callback([&app, &action, script] {
      action = [&app, script](Session& session) {
        session.out << script(app);
        return absl::OkStatus();
      };
    });
  };
  add("bash", "campaignctl completion bash > /etc/bash_completion.d/campaignctl", BashCompletion);
  add("zsh", "campaignctl completion zsh > \"${fpath[1]}/_campaignctl\"", ZshCompletion);
  add("fish", "campaignctl completion fish > ~/.config/fish/completions/campaignctl.fish",
      FishCompletion);
}

}  // namespace campaigner::cli
