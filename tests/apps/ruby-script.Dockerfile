FROM ruby:3.1-slim-bookworm
WORKDIR /app
ENV BUNDLE_FROZEN=1 BUNDLE_WITHOUT=development:test
COPY Gemfile Gemfile.lock ./
COPY greeting ./greeting
RUN bundle install
COPY app.rb ./
ENV PORT=4000 HOME=/tmp
USER 10001:10001
EXPOSE 4000
CMD ["bundle", "exec", "ruby", "app.rb"]
