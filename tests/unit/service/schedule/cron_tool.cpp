// Answers, for each line "EXPRESSION|ZONE|SECONDS|COUNT", the COUNT next times of the schedule after SECONDS since 1970, as seconds between blanks, or "never" where it is refused because
// its day never comes: the other side of croniter_crosscheck.py.

#include <array>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>

#include "filestore/schedule.h"

namespace {

using filestore::CronSchedule;
using filestore::Timestamp;

bool answer(const std::string& line) {
    std::istringstream parts(line);
    std::array<std::string, 4> part;
    for (std::string& text : part) {
        std::getline(parts, text, '|');
    }
    const auto schedule = CronSchedule::parse(part[0], part[1]);
    if (!schedule.ok()) {
        if (schedule.error().message().find("must name a day that comes") != std::string_view::npos) {
            std::cout << "never\n";
            return true;
        }
        std::cerr << "cron_tool: " << schedule.error().message() << '\n';
        return false;
    }
    Timestamp time{std::chrono::seconds(std::stoll(part[2]))};
    for (int left = std::stoi(part[3]); left > 0; --left) {
        const auto next = schedule->next_after(time);
        if (!next) {
            break;
        }
        time = *next;
        std::cout << std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count() << ' ';
    }
    std::cout << '\n';
    return true;
}

}  // namespace

int main() {
    std::string line;
    while (std::getline(std::cin, line)) {
        if (!answer(line)) {
            return EXIT_FAILURE;
        }
    }
    return std::cout.flush() ? EXIT_SUCCESS : EXIT_FAILURE;
}
